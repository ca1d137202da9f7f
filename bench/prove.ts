import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import path from 'node:path';
import {projectRoot} from '../src/system/project-root.js';

// npm run prove -- NAME [options]: the long proofs, which take minutes and system packages. Each is a program in bench/proofs.

const proofs: Record<string, string> = {
	capture: 'an hour of audio through the capture process, faster than it was said (~2 minutes; options: hours, speed)',
	kills:
		'SIGKILL of viewer, SSH line, recorder, capture and all at random moments (~90 minutes; options: rounds, seed, victim)',
	soak: 'an hour through the whole live path, faster than it is said, one viewer stopped all the time (~8 minutes; options: minutes, speed)',
	durability:
		'every byte of the tape on the medium within a second, every final before it is shown, by strace (1 minute; option: seconds)',
	memory: 'what a model of the true size takes of memory, and that it runs where there is too little (1 to 2 hours)',
	'frames-per-call':
		'several frames a call change nothing that one frame a call had decided (a model of the true size, ~10 minutes)',
	speed: 'a model of the true size against fp32, growing caches, the memory and its own prediction (~30 minutes)',
	resume: 'a recorder that dies at 30 moments: what its captions are worth (~1 minute; options: cuts, seed)',
	service:
		'the systemd user unit under a real systemd, with kills, a stop and a start at boot (root, systemd 250 or later, 1 minute)',
	arm: 'the engine on the emulated processors of a Raspberry Pi 4 and 5 (root, debootstrap, qemu-user-static, ~10 minutes)',
	'naudiodon-arm64':
		'naudiodon rebuilt for 64-bit ARM, and a tone heard through it (root, debootstrap, qemu-user-static, 10 to 20 minutes)',
	hours: 'four hours of sound on the tiny Kyutai: memory, gaps, captions to the end (~5 minutes; option: minutes)',
	stranger: 'a fresh Debian: clone, npm ci, demo, test, npm pack, npm i -g (root, debootstrap, ~15 minutes)',
};

const [name = '', ...options] = process.argv.slice(2);
if (!(name in proofs)) {
	const width = Math.max(...Object.keys(proofs).map(proof => proof.length));
	const list = Object.entries(proofs).map(([proof, what]) => `  ${proof.padEnd(width)}  ${what}`);
	console.error(['Usage: npm run prove -- NAME', ...list].join('\n'));
	process.exit(2);
}
const script = path.join(projectRoot, 'bench', 'proofs', `${name}.sh`);
const {status} = existsSync(script)
	? spawnSync(script, options, {stdio: 'inherit'})
	: spawnSync(process.execPath, [path.join(projectRoot, 'build', 'bench', 'proofs', `${name}.js`), ...options], {
			stdio: 'inherit',
		});
process.exit(status ?? 1);
