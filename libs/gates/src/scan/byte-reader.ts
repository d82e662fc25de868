/** Reads a stream piece by piece, with a window of it in memory only. Positions count from the stream's begin. */
export class ByteReader {
  private window: Buffer = Buffer.alloc(0);
  private at = 0;
  private consumed = 0;
  private readonly source: AsyncIterator<Buffer>;
  private ended = false;

  constructor(stream: AsyncIterable<Buffer>) {
    this.source = stream[Symbol.asyncIterator]();
  }

  /** The position of the next byte. */
  get offset(): number {
    return this.consumed + this.at;
  }

  /** Are there so many bytes in the window already? Then they may be read without waiting. */
  has(count: number): boolean {
    return this.window.length - this.at >= count;
  }

  /** Brings so many bytes into the window. @returns false when the stream ends before */
  async fill(count: number): Promise<boolean> {
    const parts: Buffer[] = [this.window.subarray(this.at)];
    let have = this.window.length - this.at;
    while (have < count && !this.ended) {
      const { value, done } = await this.source.next();
      if (done) this.ended = true;
      else {
        parts.push(value);
        have += value.length;
      }
    }
    if (parts.length > 1) {
      this.consumed += this.at;
      this.at = 0;
      this.window = Buffer.concat(parts);
    }
    return have >= count;
  }

  /** The next bytes, which stay; fewer where the stream ends. */
  async peek(count: number): Promise<Buffer> {
    if (!this.has(count)) await this.fill(count);
    return this.window.subarray(this.at, this.at + count);
  }

  /** The next byte. Only after `has` or `fill` said that it is there; so are the other readings without a promise. */
  byte(): number {
    return this.window[this.at++] as number;
  }

  /** An unsigned integer of the next bytes, little-endian, which stay. */
  upcoming(bytes: number): number {
    return this.window.readUIntLE(this.at, bytes);
  }

  take(count: number): Buffer {
    this.at += count;
    return this.window.subarray(this.at - count, this.at);
  }

  /** Passes over bytes without keeping them. @returns false when the stream ends before */
  async skip(count: number): Promise<boolean> {
    let left = count;
    for (;;) {
      const have = Math.min(left, this.window.length - this.at);
      this.at += have;
      left -= have;
      if (left === 0) return true;
      if (!(await this.fill(1))) return false;
    }
  }

  /** The bytes before the next line feed, which is passed over. @returns undefined when there is none within `most` bytes */
  async line(most: number): Promise<Buffer | undefined> {
    for (let looked = 0; ; ) {
      const end = this.window.indexOf(0x0a, this.at + looked);
      const length = (end < 0 ? this.window.length : end) - this.at;
      if (length > most) return undefined;
      if (end >= 0) {
        const line = this.take(length);
        this.at += 1;
        return line;
      }
      looked = length;
      if (!(await this.fill(length + 1))) return undefined;
    }
  }

  /** Has every byte been read? */
  async isAtEnd(): Promise<boolean> {
    return !this.has(1) && !(await this.fill(1));
  }

  /** Gives the stream back: nothing more is read of it. */
  async close(): Promise<void> {
    this.ended = true;
    await this.source.return?.();
  }
}
