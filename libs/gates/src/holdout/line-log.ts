import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { readableText } from './readable-text.js';

const mostLines = 200;
const longestLine = 500;

/** What a process prints, on its way to the log of its gate: in order, line by line, and never more than a log is for. */
export class LineLog {
  private lines = 0;
  private dropped = 0;
  private written: Promise<void> = Promise.resolve();
  private readonly rests: (() => void)[] = [];

  constructor(private readonly log: (text: string) => Promise<void>) {}

  /** @param tooMuch is called when the stream says more than `mostBytes` */
  take(stream: Readable, mostBytes: number, tooMuch: () => void): void {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostBytes) return tooMuch();
      const parts = (rest + decoder.write(chunk)).split(/\r\n|\n|\r/);
      // Nobody reads on in a line without an end, and it must not grow in memory.
      rest = (parts.pop() as string).slice(0, longestLine + 1);
      for (const line of parts) this.add(line);
    });
    stream.on('error', () => undefined);
    this.rests.push(() => this.add(rest));
  }

  /** When all that was said is written. */
  async end(): Promise<void> {
    for (const rest of this.rests) rest();
    if (this.dropped > 0) this.write(`… and ${this.dropped} lines more, which are not kept`);
    await this.written;
  }

  private add(line: string): void {
    if (line.trim() === '') return;
    this.lines += 1;
    if (this.lines > mostLines) this.dropped += 1;
    else this.write(readableText(line, longestLine));
  }

  private write(text: string): void {
    this.written = this.written.then(() => this.log(text));
    // It is waited for at the end, and must not count as unhandled until then.
    this.written.catch(() => undefined);
  }
}
