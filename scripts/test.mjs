// The one test command: format and lint, types, build, then every test. With CI=true a skipped test fails
// unless its name and reason stand in .ci/allowed-skips.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = name => path.join(root, 'node_modules', '.bin', name);

run('Formatting and lint', bin('biome'), ['check']);
rmSync(path.join(root, 'build'), {recursive: true, force: true});
run('Types', bin('tsc'), []);
rmSync(path.join(root, 'dist'), {recursive: true, force: true});
run('Build', bin('tsc'), ['-p', 'tsconfig.build.json']);

const only = process.argv.slice(2);
const files = readdirSync(path.join(root, 'build', 'test'), {recursive: true, encoding: 'utf8'})
	.filter(file => file.endsWith('.test.js') && (only.length === 0 || only.some(part => file.includes(part))))
	.map(file => path.join('build', 'test', file))
	.sort();
const skipsFolder = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-test-'));
const skipsFile = path.join(skipsFolder, 'skips');
// Settings, sessions and prepared models of whoever runs the tests change nothing, and are not changed.
const ownFolders = Object.fromEntries(
	['CACHE', 'CONFIG', 'DATA', 'STATE'].map(name => [`XDG_${name}_HOME`, path.join(skipsFolder, name)]),
);
const tests = spawnSync(
	process.execPath,
	[
		'--test',
		'--test-reporter=spec',
		'--test-reporter-destination=stdout',
		'--test-reporter=./scripts/skip-reporter.mjs',
		`--test-reporter-destination=${skipsFile}`,
		...files,
	],
	{cwd: root, stdio: 'inherit', env: {...process.env, ...ownFolders}},
);
const skips = readFileSync(skipsFile, 'utf8').split('\n').filter(Boolean);
rmSync(skipsFolder, {recursive: true});
const refused = process.env.CI === 'true' ? skips.filter(skip => !allowedSkips().includes(skip)) : [];
for (const skip of refused) console.error(`Skipped, and not in .ci/allowed-skips: ${skip}`);
process.exit(tests.status === 0 && refused.length === 0 ? 0 : 1);

function run(what, command, args) {
	console.log(`▶ ${what}`);
	const {status, error} = spawnSync(command, args, {cwd: root, stdio: 'inherit'});
	if (error) throw error;
	if (status !== 0) process.exit(status ?? 1);
}

function allowedSkips() {
	return readFileSync(path.join(root, '.ci', 'allowed-skips'), 'utf8').split('\n');
}
