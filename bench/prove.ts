import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {projectRoot} from '../src/system/project-root.js';

// npm run prove -- NAME: the long proofs, which take minutes and system packages.

const proofs: Record<string, string> = {
	stranger: 'a fresh Debian: clone, npm ci, demo, test, npm pack, npm i -g (root, debootstrap, ~15 minutes)',
};

const [name = ''] = process.argv.slice(2);
if (!(name in proofs)) {
	const list = Object.entries(proofs).map(([proof, what]) => `  ${proof}  ${what}`);
	console.error(['Usage: npm run prove -- NAME', ...list].join('\n'));
	process.exit(2);
}
const {status} = spawnSync(path.join(projectRoot, 'bench', 'proofs', `${name}.sh`), {stdio: 'inherit'});
process.exit(status ?? 1);
