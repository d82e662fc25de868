import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CliError } from '../cli-error.js';

/** Asks on stderr, so that stdout stays the answer. Ctrl-C and Ctrl-D end the command. */
function ask(question: string, { echo }: { echo: boolean }): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: echo ? process.stderr : silent,
    terminal: true,
    historySize: 0,
  });
  return new Promise((resolve, reject) => {
    lines.once('close', () => {
      if (!echo) process.stderr.write('\n');
      reject(new CliError('FAILURE', 'nothing was answered: nothing was done'));
    });
    if (!echo) process.stderr.write(question);
    lines.question(question, (answer) => {
      resolve(answer.trim());
      lines.close();
    });
  });
}

export const askSecret = (question: string): Promise<string> => ask(question, { echo: false });

/** True for the whole word only: a destructive plan is not carried out by a slip. */
export const confirm = async (question: string): Promise<boolean> =>
  (await ask(`${question} Only "yes" is a yes: `, { echo: true })) === 'yes';

export async function readStdin(): Promise<string> {
  process.stdin.setEncoding('utf8');
  let text = '';
  for await (const chunk of process.stdin) text += chunk;
  return text;
}
