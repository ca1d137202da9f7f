// Builds naudiodon's addon against the system's PortAudio: node scripts/rebuild-naudiodon.mjs
// On 64-bit ARM its own build links a library for x86 and fails (https://github.com/Streampunk/naudiodon/issues/68), so that npm leaves it out; pi-caption then
// reaches PortAudio through koffi. Needs g++, make, python3, libportaudio2 and Node's headers (from Debian's libnode-dev, from Node's own prefix, or downloaded by node-gyp).
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.join(root, 'node_modules', 'naudiodon');
const addon = path.join(folder, 'build', 'Release', 'naudiodon.node');

if (process.argv.length > 2) {
	console.log("Usage: node scripts/rebuild-naudiodon.mjs: builds naudiodon against the system's libportaudio2.");
	process.exit(process.argv[2] === '--help' ? 0 : 2);
}
const library = findLibrary('libportaudio.so.2');
if (!library) fail('The library libportaudio.so.2 is not there: sudo apt install libportaudio2');
for (const [program, name] of [
	['g++', 'g++'],
	['make', 'make'],
	['python3', 'python3'],
	['npm', 'npm'],
]) {
	if (spawnSync(program, ['--version']).error) fail(`${program} is needed: sudo apt install ${name}`);
}

if (!existsSync(path.join(folder, 'src'))) fetchSources();
writeFileSync(path.join(folder, 'binding.gyp'), JSON.stringify(bindingFor(library), undefined, 2));
rmSync(path.join(folder, 'build'), {recursive: true, force: true});
console.log(`Building naudiodon against ${library}.`);
run('npm', ['run', 'install'], {cwd: folder, env: {...process.env, ...headers()}});

// Once in a process of its own, as an addon that is no good may end it.
const check =
	"const {HostAPIs} = require(process.argv[1]).getHostAPIs(); console.log(HostAPIs.map(({name}) => name).join(', '))";
const {status, stdout, stderr} = spawnSync(process.execPath, ['-e', check, addon], {encoding: 'utf8'});
if (status !== 0) fail(`It was built and does not load: ${stderr}`);
console.log(`naudiodon works, with ${stdout.trim()}. \`pi-caption devices\` uses it from now on.`);

function findLibrary(name) {
	const {stdout} = spawnSync('ldconfig', ['-p'], {
		encoding: 'utf8',
		env: {...process.env, PATH: `${process.env.PATH}:/sbin:/usr/sbin`},
	});
	// Several machines' libraries may be installed: this Node's.
	const machine = {x64: 'x86-64', arm64: 'AArch64'}[process.arch];
	const line = stdout?.split('\n').find(one => one.trim().startsWith(`${name} (`) && one.includes(machine));
	return line?.split(' => ')[1];
}

/** npm removes an optional package that did not build: its sources come again, at the version that package-lock.json or package.json says. */
function fetchSources() {
	const {optionalDependencies} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
	const temporary = mkdtempSync(path.join(os.tmpdir(), 'pi-caption-naudiodon-'));
	try {
		run('npm', ['pack', '--silent', `naudiodon@${optionalDependencies.naudiodon}`, '--pack-destination', temporary], {
			cwd: temporary,
		});
		const [archive] = readdirSync(temporary);
		mkdirSync(folder, {recursive: true});
		run('tar', ['xzf', path.join(temporary, archive), '-C', folder, '--strip-components=1']);
	} finally {
		rmSync(temporary, {recursive: true});
	}
}

function bindingFor(file) {
	const sources = readdirSync(path.join(folder, 'src'))
		.filter(name => name.endsWith('.cc'))
		.map(name => `src/${name}`);
	return {
		targets: [
			{
				target_name: 'naudiodon',
				sources,
				include_dirs: ['portaudio/include'],
				'cflags_cc!': ['-fno-rtti', '-fno-exceptions'],
				// Its sources use std::string and memcpy without including them, which GCC 14 no longer overlooks.
				cflags_cc: ['-fexceptions', '-include', 'string', '-include', 'cstring'],
				libraries: [file],
			},
		],
	};
}

/** Where Node's headers are installed, node-gyp downloads none. */
function headers() {
	const prefix = path.dirname(path.dirname(process.execPath));
	if (existsSync(path.join(prefix, 'include', 'node', 'node_api.h'))) return {npm_config_nodedir: prefix};
	const debian = '/usr/include/nodejs';
	return existsSync(path.join(debian, 'src', 'node_api.h')) ? {npm_config_nodedir: debian} : {};
}

function run(program, args, options) {
	const {status, error} = spawnSync(program, args, {stdio: 'inherit', ...options});
	if (status !== 0) fail(`${program} ${args.join(' ')} did not work${error ? `: ${error.message}` : ''}.`);
}

function fail(sentence) {
	console.error(sentence);
	process.exit(1);
}
