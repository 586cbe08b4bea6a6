import { Fn, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";

/**
 * A name for the few resources that CloudFormation can't name as it should be.
 *
 * The stack's name makes it readable. The first part of the stack's id, which is new whenever
 * a stack is created, keeps it apart from what an earlier stack of that name left behind.
 */
export function physicalName(scope: Construct, name: string): string {
  const stack = Stack.of(scope);
  const stackUuid = Fn.select(2, Fn.split("/", stack.stackId));
  return `${stack.stackName}-${name}-${Fn.select(0, Fn.split("-", stackUuid))}`;
}
