/** A coding worker of the pool: one thread of a coder, over its memory. */
import { serveCoding } from "../../coding/pool.ts";

serveCoding(self);
