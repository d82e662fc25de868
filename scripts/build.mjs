// Compiles apps and libs into dist.
import { prepare } from './lib/setup.mjs';

await prepare();
