import { Stack, Validations } from "aws-cdk-lib";
import type * as iam from "aws-cdk-lib/aws-iam";
import { flattenCfnReference } from "cdk-nag/lib/utils/flatten-cfn-reference";
import type { IConstruct } from "constructs";

/** Tells cdk-nag why statements of a policy within `scope` name resources with a wildcard. */
export function acknowledgeWildcards(scope: IConstruct, statements: iam.PolicyStatement[], reason: string): void {
  statements
    .flatMap((statement) => statement.resources)
    .filter((resource) => resource.includes("*"))
    .forEach((resource) => {
      const asCdkNagWritesIt = flattenCfnReference(Stack.of(scope).resolve(resource));
      Validations.of(scope).acknowledge({ id: `AwsSolutions-IAM5[Resource::${asCdkNagWritesIt}]`, reason });
    });
}
