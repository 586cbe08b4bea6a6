//! Programs that work with delivered reports: those that RECEIVING.md prints, and what the policy for them lets
//! them do.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use end_to_end::{Caller, sha256};
use serde_json::{Value, json};

use crate::aws_cli::{aws, aws_of};
use crate::news::events;
use crate::world::{LISTINGS, PATIENCE, Seller, World};

/// What the consumers that RECEIVING.md prints are run by.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/local/venv/bin/python");
const CDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cdk");

/// Hands the compiled consumer an event, as a Lambda function's runtime does, and shows what it read.
const RUNTIME: &str = "\
    const { documentOf, handler } = require('./consumer.js');\
    const event = JSON.parse(process.argv[1]);\
    handler(event).then(() => documentOf(event.detail)).then(document => process.stdout.write(document));";

/// The first block of that language in RECEIVING.md.
fn printed(language: &str) -> String {
    let page = include_str!("../../../../lambdas/RECEIVING.md");
    let (_, block) = page.split_once(&format!("```{language}\n")).expect("a block");
    block.split_once("\n```").expect("its end").0.to_owned()
}

/// A program that is stopped with its test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An IAM user who has a single policy, the stack's for consumers; it is gone with its test.
struct Consumer {
    name: String,
    policy: String,
    key: Credentials,
}

impl Consumer {
    fn new(world: &World, seller: &Seller) -> Self {
        let name = format!("consumer-{}", seller.id);
        let policy = world.stack.output("CONSUMER_POLICY_ARN").expect("set");
        aws(&["iam", "create-user", "--user-name", &name]);
        aws(&[
            "iam",
            "attach-user-policy",
            "--user-name",
            &name,
            "--policy-arn",
            &policy,
        ]);
        let created = aws(&["iam", "create-access-key", "--user-name", &name]);
        let text = |field: &str| created["AccessKey"][field].as_str().expect("a text");
        let key = Credentials::new(
            text("AccessKeyId"),
            text("SecretAccessKey"),
            None,
            None,
            "consumer",
        );
        Self { name, policy, key }
    }

    /// Has a program run as this user.
    fn runs<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("AWS_ACCESS_KEY_ID", self.key.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", self.key.secret_access_key())
            .env_remove("AWS_SESSION_TOKEN")
    }

    /// The CLI's answer to this user, or its refusal.
    fn aws(&self, arguments: &[&str]) -> Result<Value, String> {
        aws_of(arguments, |command| {
            self.runs(command);
        })
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let user = ["--user-name", &self.name];
        let detached = ["iam", "detach-user-policy", "--policy-arn", &self.policy];
        let deleted = [
            "iam",
            "delete-access-key",
            "--access-key-id",
            self.key.access_key_id(),
        ];
        for action in [&detached[..], &deleted, &["iam", "delete-user"]] {
            // It fails a test that has passed, and no other.
            let ended = aws_of(&[action, &user].concat(), |_| {});
            assert!(ended.is_ok() || std::thread::panicking(), "{ended:?}");
        }
    }
}

/// The page's consumer, as it is printed, gets the document's bytes.
#[tokio::test]
async fn the_python_consumer_gets_the_document() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let queue = events(&world, &seller, "ReportDelivered").await;
    let folder = tempfile::tempdir().expect("a folder");
    let program = Command::new(PYTHON)
        .args(["-c", &printed("python")])
        .current_dir(folder.path())
        .env("QUEUE_URL", &queue.url)
        .stdout(Stdio::null())
        .spawn();
    let _program = Program(program.expect("the local stack has installed Python"));
    let report = gzip_report(&world, &seller).await;
    let file = folder.path().join(format!("{}_{report}", seller.id));
    let deadline = Instant::now() + PATIENCE;
    let truth = loop {
        // It is made before it is written: the bytes tell when all of it is there.
        let bytes = std::fs::read(&file).unwrap_or_default();
        if !bytes.is_empty() {
            let truth = world.truth(&seller, &report).await;
            if world.stack.stores_utf8() || truth["contentSha256"] == json!(sha256(&bytes)) {
                break truth;
            }
        }
        assert!(Instant::now() < deadline, "no {}", file.display());
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!(truth["compressionAlgorithm"], "GZIP");
}

/// Orders a report whose document Amazon compresses.
async fn gzip_report(world: &World, seller: &Seller) -> String {
    let scripted = world.simulator.script(&seller.id, json!({"gzip": true})).await;
    scripted.expect("scripted");
    world.order(seller, "EU", LISTINGS).await
}

/// The same for the function: types are checked as strictly as the CDK app's, the rule's event is what it gets,
/// and the policy for consumers is all that it may do.
#[tokio::test]
async fn the_typescript_consumer_gets_the_document() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let queue = events(&world, &seller, "ReportDelivered").await;
    let folder = tempfile::tempdir().expect("a folder");
    compile(&printed("typescript"), folder.path());
    let report = gzip_report(&world, &seller).await;
    let event = queue.next().await;
    let consumer = Consumer::new(&world, &seller);
    let output = consumer
        .runs(&mut Command::new("node"))
        .args(["-e", RUNTIME, "--", &event.to_string()])
        .current_dir(folder.path())
        .output()
        .expect("node is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let line_end = output
        .stdout
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a line");
    let (line, document) = output.stdout.split_at(line_end + 1);
    let expected = format!("{LISTINGS} {report}: {} bytes\n", document.len());
    assert_eq!(String::from_utf8_lossy(line), expected);
    let truth = world.truth(&seller, &report).await;
    assert_eq!(truth["compressionAlgorithm"], "GZIP");
    if !world.stack.stores_utf8() {
        assert_eq!(truth["contentSha256"], json!(sha256(document)));
    }
}

/// Compiles a TypeScript module by the CDK app's compiler, settings and packages to `consumer.js`.
fn compile(module: &str, folder: &Path) {
    std::fs::write(folder.join("consumer.ts"), module).expect("written");
    let packages = Path::new(CDK).join("node_modules");
    std::os::unix::fs::symlink(&packages, folder.join("node_modules")).expect("linked");
    let settings = json!({
        "extends": Path::new(CDK).join("tsconfig.json"),
        "compilerOptions": {"noEmit": false},
        "include": ["consumer.ts"],
    });
    std::fs::write(folder.join("tsconfig.json"), settings.to_string()).expect("written");
    let compiled = Command::new("node")
        .arg(packages.join("typescript/bin/tsc"))
        .args(["--project", "."])
        .current_dir(folder)
        .output()
        .expect("node is installed");
    let said = String::from_utf8_lossy(&compiled.stdout);
    assert!(compiled.status.success(), "{said}");
}

/// Reads every delivered report, its row and what the API shows of it, and nothing else.
#[tokio::test]
async fn the_policy_for_consumers_is_for_what_they_need() {
    let Some(world) = World::find().await else { return };
    let seller = world.subscribed_seller("EU").await;
    let report = world.order(&seller, "EU", LISTINGS).await;
    world.delivered(&seller, &report).await;
    let consumer = Consumer::new(&world, &seller);
    let output = |name: &str| world.stack.output(name).expect("set");
    let (bucket, rows) = (output("REPORTS_BUCKET"), output("REPORTS_TABLE"));
    let object = &world.objects(&seller).await[0];
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("document");
    let key = json!({"sellerId": {"S": seller.id}, "reportId": {"S": report}}).to_string();

    let file = file.to_str().expect("a text");
    let get = ["s3api", "get-object", "--bucket", &bucket, "--key", object, file];
    consumer
        .aws(&get)
        .expect("the document is the consumer's to read");
    let bytes = std::fs::read(file).expect("saved");
    if !world.stack.stores_utf8() {
        assert_eq!(sha256(&bytes), world.served_sha256(&seller, &report).await);
    }
    let row = consumer.aws(&["dynamodb", "get-item", "--table-name", &rows, "--key", &key]);
    assert_eq!(
        row.expect("so is its row")["Item"]["objectKey"]["S"],
        json!(object)
    );
    let caller = Caller::Signed(consumer.key.clone());
    for path in [
        format!("/reports?SellerId={}", seller.id),
        format!("/reports/{report}?SellerId={}", seller.id),
        format!("/reports/{report}/document?SellerId={}", seller.id),
    ] {
        let answer = world.api.get(&caller, &path).await.expect("the API answers");
        assert_eq!(answer.status, 200, "{path} answered {}", answer.body);
    }

    let tokens = output("SELLING_PARTNERS_TABLE");
    let links = output("LINKS_TABLE");
    let topic = output("TOPIC_ARN");
    let machine = output("STATE_MACHINE_ARN");
    for refused in [
        vec!["s3api", "delete-object", "--bucket", &bucket, "--key", object],
        vec![
            "s3api",
            "put-object",
            "--bucket",
            &bucket,
            "--key",
            object,
            "--body",
            file,
        ],
        vec!["dynamodb", "delete-item", "--table-name", &rows, "--key", &key],
        vec!["dynamodb", "scan", "--table-name", &tokens],
        vec!["dynamodb", "scan", "--table-name", &links],
        vec!["secretsmanager", "list-secrets"],
        vec!["sns", "publish", "--topic-arn", &topic, "--message", "hello"],
        vec![
            "stepfunctions",
            "list-executions",
            "--state-machine-arn",
            &machine,
        ],
        vec!["iam", "list-users"],
    ] {
        let refusal = consumer
            .aws(&refused)
            .expect_err("it is nobody's who consumes reports");
        // The second is SNS's name for it.
        let is_denied = ["AccessDenied", "AuthorizationError"]
            .iter()
            .any(|code| refusal.contains(code));
        assert!(is_denied, "{refused:?}: {refusal}");
    }
    let one = format!("/reports/{report}?SellerId={}", seller.id);
    let answer = world.api.delete(&caller, &one).await.expect("the API answers");
    assert_eq!(answer.status, 403, "{}", answer.body);
    for path in [
        "/reports".to_owned(),
        "/tokens".to_owned(),
        format!("/reports/{report}/links?SellerId={}", seller.id),
    ] {
        let answer = world
            .api
            .post(&caller, &path, &json!({}))
            .await
            .expect("the API answers");
        assert_eq!(answer.status, 403, "{path} answered {}", answer.body);
    }
}
