import { spawnSync } from 'node:child_process';

const namespaces = ['--user', '--map-root-user', '--net', '--pid', '--mount', '--mount-proc', '--fork', 'true'];

/** May processes of this machine make namespaces? Containers often may not; what is tested of them is skipped then. */
export const mayMakeNamespaces = spawnSync('unshare', namespaces, { timeout: 60_000 }).status === 0;
