import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";

/** Of a page that is 24 wide: three graphs stand beside each other. */
export const WIDTH = 8;
export const HEIGHT = 6;

/** Further metrics of the right axis, for what has another unit. */
type Right = { readonly right: cloudwatch.IMetric[] };

/** A question that the graphs below it answer. */
export function heading(question: string, hint: string): cloudwatch.TextWidget {
  return new cloudwatch.TextWidget({ markdown: `# ${question}\n${hint}`, width: 3 * WIDTH, height: 2 });
}

/** A graph of a metric or several, titled by the question that it answers. */
export function graph(title: string, left: cloudwatch.IMetric[], { right }: Right = { right: [] }): cloudwatch.GraphWidget {
  const leftYAxis = { min: 0, showUnits: false };
  return new cloudwatch.GraphWidget({
    title,
    left,
    right,
    leftYAxis,
    ...(right.length === 0 ? {} : { rightYAxis: leftYAxis }),
    width: WIDTH,
    height: HEIGHT,
  });
}

/** A metric under a name that says what it counts. */
export function labelled(label: string, metric: cloudwatch.Metric): cloudwatch.Metric {
  return metric.with({ label });
}

/** How it is for half of them, for nearly all, and for the slowest. */
export function percentiles(metric: (statistic: string) => cloudwatch.Metric): cloudwatch.Metric[] {
  return [
    labelled("half of them, at most", metric(cloudwatch.Stats.p(50))),
    labelled("19 of 20, at most", metric(cloudwatch.Stats.p(95))),
    labelled("the slowest", metric(cloudwatch.Stats.MAXIMUM)),
  ];
}

/** Widgets in rows of three. */
export function rows(widgets: cloudwatch.IWidget[]): cloudwatch.IWidget[][] {
  const starts = widgets.flatMap((_, index) => (index % 3 === 0 ? [index] : []));
  return starts.map((start) => widgets.slice(start, start + 3));
}
