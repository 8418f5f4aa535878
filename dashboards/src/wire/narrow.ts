/** The server's shapes, made from its OpenAPI document (`npm run wire`), and how a page may know more of a field than the document says. */
import type { components } from './generated';

export type Schema = components['schemas'];

/** `Shape` with some fields narrowed: each must be one that the document has, and of a type that it allows. */
export type Narrow<
  Shape,
  Fields extends { [Key in keyof Fields]: Key extends keyof Shape ? Shape[Key] : never },
> = Omit<Shape, keyof Fields> & Fields;
