/** Something this machine lacks: what, and how to get it, in one line for a person. */
export class MissingTool extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MissingTool";
  }
}
