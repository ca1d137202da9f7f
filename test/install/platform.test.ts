import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createRequire} from 'node:module';
import path from 'node:path';
import {test} from 'node:test';
import {projectRoot} from '../project-root.js';

type Host = {versions: {node: string}; arch: string};
const whyUnsupported: (host: Host) => string | undefined = createRequire(import.meta.url)(
	path.join(projectRoot, 'bin', 'unsupported.cjs'),
);

const refuses = (title: string, host: Host, expected: RegExp) =>
	test(title, () => assert.match(whyUnsupported(host) ?? '', expected));

refuses(
	'Node 18 is refused',
	{versions: {node: '18.20.4'}, arch: 'arm64'},
	/^pi-caption needs Node 20 .* this is Node 18/,
);
refuses('Node 8 is refused', {versions: {node: '8.17.0'}, arch: 'x64'}, /needs Node 20/);
refuses(
	'32-bit ARM is refused',
	{versions: {node: '20.19.2'}, arch: 'arm'},
	/^pi-caption needs a 64-bit system .* arm:/,
);

test('Node 20 and newer on 64-bit machines are welcome', () => {
	for (const node of ['20.0.0', '22.1.0', '100.0.0']) {
		for (const arch of ['x64', 'arm64']) assert.equal(whyUnsupported({versions: {node}, arch}), undefined);
	}
});

for (const script of ['bin/pi-caption.cjs', 'scripts/preinstall.cjs']) {
	test(`${script} on 32-bit ARM says one sentence and fails`, () => {
		const pretend = "Object.defineProperty(process, 'arch', {value: 'arm'}); require(process.argv[1])";
		const {status, stdout, stderr} = spawnSync(process.execPath, ['-e', pretend, path.join(projectRoot, script)], {
			encoding: 'utf8',
		});
		assert.equal(status, 1);
		assert.equal(stdout, '');
		assert.match(stderr, /^pi-caption needs a 64-bit system [^\n]+\n$/);
	});
}
