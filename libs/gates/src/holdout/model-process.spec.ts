import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Config } from '@app/platform';
import { pino } from 'pino';
import { mayMakeNamespaces } from '../../../../test/support/isolation.js';
import { eventually } from '../../../../test/support/processes.js';
import { Isolation, type IsolationLevel, minimalEnvironment } from './isolation.js';
import { runModelProcess } from './model-process.js';
import { scoringFolders } from './scoring-folder.js';

/** Starting processes takes its time on a machine that is busy with other tests. */
jest.setTimeout(180_000);

const secret = 'postgresql://secret@nowhere/database';
const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'model-process-data-'));
const settings = { DATA_DIR: dataFolder, SIGNING_KEY_FILE: path.join(dataFolder, 'signing-key.pem') };
const isolation = new Isolation(new Config(settings as Config['settings']), pino({ level: 'silent' }));

/** Is a process with this argument alive, anywhere on the machine? */
const isAlive = (marker: string): boolean =>
  fs.readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(marker);
    } catch {
      return false;
    }
  });
const newMarker = () => `7777${randomInt(1e9)}`;

describe.each<[IsolationLevel, typeof describe]>([
  ['NAMESPACES', mayMakeNamespaces ? describe : describe.skip],
  ['LIMITS', describe],
  ['NONE', describe],
])('a process with isolation %s', (level, describeWhereIt) => {
  describeWhereIt('on this machine', () => {
    let folder: string;
    let log: string[];

    beforeEach(() => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'model-process-'));
      for (const name of scoringFolders) fs.mkdirSync(path.join(folder, name));
      log = [];
    });
    afterEach(() => fs.rmSync(folder, { recursive: true }));

    const run = (command: string[], { signal = new AbortController().signal, memoryBytes = 2 ** 30 } = {}) => {
      const limits = { memoryBytes, memoryOf: 'DATA', processorSeconds: 60, fileBytes: 2 ** 20 } as const;
      return runModelProcess({
        command: isolation.hold(command, folder, level, limits),
        folder: path.join(folder, 'work'),
        environment: minimalEnvironment(level === 'NAMESPACES' ? '/tmp' : path.join(folder, 'home')),
        log: async (text) => void log.push(text),
        signal,
      });
    };
    const sh = (script: string, options?: Parameters<typeof run>[1]) => run(['/bin/sh', '-c', script], options);

    it('answers on file descriptor 3, and what it prints is log', async () => {
      const end = await sh('echo one; echo two >&2; echo answer >&3; exit 3');
      expect(end).toEqual({ answer: 'answer\n', code: 3, killedBy: null, flooded: false });
      expect(log.sort()).toEqual(['one', 'two']);
    });

    it('has nothing of our environment', async () => {
      process.env.DATABASE_URL_OF_TEST = secret;
      const { answer } = await sh('env >&3');
      delete process.env.DATABASE_URL_OF_TEST;
      const names = answer.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
      const ofTheShell = ['PWD', 'OLDPWD', 'SHLVL', '_'];
      expect(names.filter((name) => !ofTheShell.includes(name)).sort()).toEqual(
        Object.keys(minimalEnvironment('')).sort(),
      );
      expect(answer).not.toContain(secret);
    });

    it('ends when nobody waits for it any more, with all that it has started', async () => {
      const marker = newMarker();
      const stop = new AbortController();
      const running = sh(`sleep ${marker} & sleep ${marker}`, { signal: stop.signal });
      await eventually(async () => isAlive(marker));
      stop.abort(new Error('the request was closed'));
      await expect(running).rejects.toThrow('the request was closed');
      await eventually(async () => !isAlive(marker));
    });

    it('leaves nobody behind', async () => {
      const marker = newMarker();
      const { answer } = await sh(`for i in 1 2 3 4 5; do sleep ${marker} & done; echo done >&3`);
      expect(answer).toBe('done\n');
      await eventually(async () => !isAlive(marker));
    });

    it.each([
      ['prints', 'yes'],
      ['prints a line', "yes | tr -d '\\n'"],
      ['answers', 'yes >&3'],
    ])('ends when it %s without end', async (_, script) => {
      expect(await sh(script)).toMatchObject({ flooded: true });
      expect(log.length).toBeLessThanOrEqual(201);
      expect(Math.max(0, ...log.map((line) => line.length))).toBeLessThanOrEqual(501);
    });

    it('prints what a log can keep: no control characters, and no more than one reads', async () => {
      await sh(`printf 'a\\0b\\033[31mc\\r\\n\\n\\377z\\n'; seq 300`);
      expect(log.slice(0, 2)).toEqual(['a b [31mc', '\uFFFDz']);
      expect(log).toHaveLength(201);
      expect(log.at(-1)).toBe('… and 102 lines more, which are not kept');
    });

    it('cannot be started when it is not there', async () => {
      const outcome = await run(['/nowhere/python']).catch((error) => ({ code: error.code }));
      expect(['ENOENT', 126, 127]).toContain(outcome.code);
    });

    const itWithLimits = level === 'NONE' ? it.skip : it;

    itWithLimits('writes no large files', async () => {
      const { answer } = await sh('head -c 5000000 /dev/zero >"$HOME/large"; wc -c <"$HOME/large" >&3');
      expect(Number(answer)).toBeLessThanOrEqual(2 ** 20);
    });

    itWithLimits('does not get more memory than it may have', async () => {
      const hungry = 'const all = []; for (;;) all.push(Buffer.alloc(2 ** 24, 1));';
      const end = await run([process.execPath, '-e', hungry], { memoryBytes: 2 ** 29 });
      expect(end.code === 0 && end.killedBy === null).toBe(false);
    });

    itWithLimits('ends with a worker that is killed', async () => {
      const marker = newMarker();
      const limits = { memoryBytes: 2 ** 30, memoryOf: 'DATA', processorSeconds: 60, fileBytes: 2 ** 20 } as const;
      const command = JSON.stringify(isolation.hold(['sleep', marker], folder, level, limits));
      const start = `const [file, ...args] = ${command}; require('child_process').spawn(file, args, { detached: true }); setInterval(() => {}, 1e6);`;
      const worker = spawn(process.execPath, ['-e', start], { stdio: 'ignore' });
      await eventually(async () => isAlive(marker));
      worker.kill('SIGKILL');
      await eventually(async () => !isAlive(marker));
    });

    const itInNamespaces = level === 'NAMESPACES' ? it : it.skip;

    itInNamespaces('sees no file, no process and no network of ours', async () => {
      fs.writeFileSync(path.join(dataFolder, 'signing-key.pem'), secret);
      fs.writeFileSync(path.join(folder, 'work', 'given'), 'given');
      const { answer } = await sh(`exec >&3 2>&3
        cat given; ls ${dataFolder}; cat /proc/${process.pid}/environ; ls ${folder}
        umount /proc; mount -t proc proc /proc; ls -d /proc/[0-9]* | wc -l; cat /proc/net/dev | wc -l`);
      expect(answer).toMatch(/^given/);
      expect(answer).not.toContain('signing-key');
      expect(answer).not.toContain('PATH=');
      // The shell, ls and wc, as far as they are there yet; the heading of two lines, and the loopback device.
      expect(answer).toMatch(/^[1-4]\n3$/m);
    });

    itInNamespaces('writes nothing outside of its memory, and no more in many files than in one', async () => {
      const places = ['/etc', '/var/tmp', '/tmp/work', '/proc/sys/kernel', process.cwd(), os.homedir()];
      const { answer } = await sh(`exec >&3
        for place in ${places.join(' ')}; do (: >$place/written) 2>/dev/null && echo written to $place; done
        for i in 1 2 3 4 5; do head -c 500000 /dev/zero >/tmp/$i 2>/dev/null; done
        cat /tmp/1 /tmp/2 /tmp/3 /tmp/4 /tmp/5 | wc -c`);
      expect(answer).toMatch(/^\d+\n$/);
      expect(Number(answer)).toBeLessThanOrEqual(2 ** 20);
    });

    itInNamespaces('cannot run away: who leaves its process group ends with it', async () => {
      const marker = newMarker();
      const { answer } = await sh(`
        setsid sh -c 'echo >/tmp/away; exec sleep ${marker}' &
        until [ -e /tmp/away ]; do :; done
        echo done >&3`);
      expect(answer).toBe('done\n');
      await eventually(async () => !isAlive(marker));
    });
  });
});

describe('Isolation', () => {
  it('finds out the most that can be had', async () => {
    const level = await isolation.level();
    if (mayMakeNamespaces) expect(level).toBe('NAMESPACES');
    expect(['NAMESPACES', 'LIMITS', 'NONE']).toContain(level);
  });
});
