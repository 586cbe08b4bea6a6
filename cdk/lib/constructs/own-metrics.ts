import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";

import type { RustFunction } from "./rust-function";

/** Of all metrics that the functions write themselves; `lambdas/pipeline/src/metrics.rs` has their names. */
const NAMESPACE = "SpReports";

/**
 * What a function counts by itself. The function's name tells stacks apart.
 *
 * @param further the dimension that it has besides, with its value
 */
export function counted(
  metricName: string,
  { function: counting }: RustFunction,
  options: cloudwatch.MetricOptions,
  further: Record<string, string> = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    ...options,
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { FunctionName: counting.functionName, ...further },
  });
}
