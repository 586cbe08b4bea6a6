// One process for all tests, so that the app is synthesized once.
import "./alarms.test";
import "./api.test";
import "./building.test";
import "./dashboard.test";
import "./data.test";
import "./docs.test";
import "./functions.test";
import "./identities.test";
import "./mail.test";
import "./onboarding.test";
import "./runbook.test";
import "./schedule.test";
import "./secret-rotation.test";
import "./settings.test";
import "./stacks.test";
import "./workflow.test";
