/** A missing requirement of this machine, with a one-line remedy. */
export class MissingTool extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MissingTool";
  }
}
