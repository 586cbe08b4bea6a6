import * as iam from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

import { acknowledgeWildcards } from "./wildcards";

/** Who may call the API: a role, and the one user that may take it on. */
export class InvokeIdentity extends Construct {
  readonly user: iam.User;
  readonly role: iam.Role;

  /** @param methodArns the API's methods, the only thing the role is for */
  constructor(scope: Construct, id: string, methodArns: string[]) {
    super(scope, id);

    this.user = new iam.User(this, "User");
    this.role = new iam.Role(this, "Role", {
      assumedBy: new iam.ArnPrincipal(this.user.userArn),
      description: "Calls the reports API",
    });
    const calls = new iam.PolicyStatement({ actions: ["execute-api:Invoke"], resources: methodArns });
    this.role.addToPolicy(calls);
    acknowledgeWildcards(this.role, [calls], "Paths end with ids of the caller's choice; each method is named.");
    this.user.addToPolicy(new iam.PolicyStatement({ actions: ["sts:AssumeRole"], resources: [this.role.roleArn] }));
  }
}
