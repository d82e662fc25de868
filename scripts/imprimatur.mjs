#!/usr/bin/env node
// The command-line tool from a clone: installs and builds what is missing, then runs it. Arguments go to it.
import { prepare } from './lib/setup.mjs';

await prepare();
await import('../dist/apps/cli/src/main.js');
