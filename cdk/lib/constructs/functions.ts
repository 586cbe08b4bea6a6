import { Construct } from "constructs";

import type { Settings } from "../settings";
import { RustFunction, type FunctionFactory, type RustFunctionProps } from "./rust-function";

/** What all functions have in common. */
export interface FunctionsProps {
  readonly settings: Settings;
  readonly functionFactory: FunctionFactory;
}

/** The functions that the API and the workflows call. */
export class Functions extends Construct {
  /** All of them, to watch over. */
  readonly all: RustFunction[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: FunctionsProps,
  ) {
    super(scope, id);
  }

  /** Adds a function. */
  add(id: string, options: Omit<RustFunctionProps, keyof FunctionsProps>): RustFunction {
    const added = new RustFunction(this, id, { ...options, ...this.props });
    this.all.push(added);
    return added;
  }
}
