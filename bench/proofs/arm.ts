import {spawnSync} from 'node:child_process';
import {mkdir, mkdtemp, readFile, realpath, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {convertEmbedded} from '../../src/convert/convert-embedded.js';
import {convertKyutai} from '../../src/convert/convert-kyutai.js';
import {projectRoot} from '../../src/system/project-root.js';
import {writeTinyKyutai} from '../../test/convert/tiny-kyutai.js';
import {tinyMimiPcm} from '../../test/convert/tiny-mimi.js';
import type {DecodedCase} from './arm-decode.js';

// npm run prove -- arm: the engine on emulated processors of a Raspberry Pi 4 and 5 (root, debootstrap, qemu-user-static). In fp32 the embedded model and the
// tiny Kyutai must write the same tokens as here; in both schemes they must load and run, and what differs is counted.

const processors = {
	'cortex-a72': {
		board: 'Raspberry Pi 4',
		part: '0xd08',
		variant: '0x0',
		features: 'fp asimd evtstrm crc32 cpuid',
		midr: '0x410fd083',
	},
	'cortex-a76': {
		board: 'Raspberry Pi 5',
		part: '0xd0b',
		variant: '0x4',
		features: 'fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp',
		midr: '0x414fd0b1',
	},
};
type Processor = keyof typeof processors;
const schemes = ['fp32', '8-bit', '4-bit'] as const;
const cores = 2;

const {values} = parseArgs({
	options: {seconds: {type: 'string', default: '12'}, frames: {type: 'string', default: '220'}},
});

const system = run(path.join(projectRoot, 'bench', 'proofs', 'arm64-chroot.sh'), [])
	.trim()
	.split('\n')
	.at(-1)!;
const work = await mkdtemp(path.join(system, 'var', 'tmp', 'pi-caption-arm-'));
try {
	const cases = path.join(work, 'cases');
	await makeCases(cases);
	const here = decodedOf(run(process.execPath, [path.join(projectRoot, 'build/bench/proofs/arm-decode.js'), cases]));
	let hasFailed = false;
	for (const processor of Object.keys(processors) as Processor[]) {
		hasFailed = !compare(processor, here, await decodeOn(processor, cases)) || hasFailed;
	}
	console.log(hasFailed ? '\narm: FAILED' : '\narm: passed');
	process.exitCode = hasFailed ? 1 : 0;
} finally {
	await rm(work, {recursive: true});
}

/** Packages in every scheme, and what each is to hear. */
async function makeCases(cases: string): Promise<void> {
	const fixtures = path.join(projectRoot, 'test', 'fixtures', 'embedded');
	const minute = await readFile(path.join(fixtures, 'parity', 'minute.wav'));
	const samples = Math.min(Number(values.seconds) * 16_000, (minute.length - 44) / 2);
	const speech = Float32Array.from({length: samples}, (_, i) => minute.readInt16LE(44 + 2 * i) / 32_768);
	const tiny = path.join(work, 'tiny');
	await writeTinyKyutai(tiny);
	const about = {licence: {name: 'MIT', attribution: ''}, source: {description: 'a proof'}};
	for (const scheme of schemes) {
		const make = async (name: string, heard: Float32Array, convert: typeof convertEmbedded, checkpoint: string) => {
			const folder = path.join(cases, `${name}-${scheme}`);
			await mkdir(folder, {recursive: true});
			await convert(checkpoint, path.join(folder, 'package'), {...about, id: name, name, scheme});
			await writeFile(path.join(folder, 'samples.f32'), new Uint8Array(heard.buffer));
		};
		await make('embedded', speech, convertEmbedded, fixtures);
		await make('kyutai', tinyMimiPcm(Number(values.frames)), convertKyutai, tiny);
	}
}

/** What the cases give on an emulated processor. */
async function decodeOn(processor: Processor, cases: string): Promise<DecodedCase[]> {
	await describeMachine(processor, path.join(work, 'machine'));
	const inside = (file: string) => `/${path.relative(system, file)}`;
	const decode = `/mnt/project/build/bench/proofs/arm-decode.js ${inside(cases)}`;
	// In a mount namespace of its own, so that nothing else sees this machine.
	const script = `
		set -eu
		mount --make-rprivate /
		mount -t tmpfs none "${system}/mnt"
		mkdir -p "${system}/mnt/project/build" "${system}/mnt/project/node_modules"
		cp "${projectRoot}/package.json" "${system}/mnt/project/"
		mount --bind "${projectRoot}/build" "${system}/mnt/project/build"
		mount --bind "${await realpath(path.join(projectRoot, 'node_modules'))}" "${system}/mnt/project/node_modules"
		mount --bind "${work}/machine/cpuinfo" "${system}/proc/cpuinfo"
		mount -t tmpfs none "${system}/sys"
		cp -r "${work}/machine/sys/." "${system}/sys/"
		exec chroot "${system}" /usr/bin/env -i QEMU_CPU=${processor} HOME=/root PATH=/usr/bin:/bin node ${decode}`;
	return decodedOf(run('unshare', ['-m', 'sh', '-c', script]));
}

/** Writes `cpuinfo` and `sys` as the board's Linux shows them: ONNX Runtime looks there for what the processor can do. */
async function describeMachine(processor: Processor, folder: string): Promise<void> {
	const {part, variant, features, midr} = processors[processor];
	await rm(folder, {recursive: true, force: true});
	const cpu = path.join(folder, 'sys', 'devices', 'system', 'cpu');
	await mkdir(cpu, {recursive: true});
	const write = (name: string, text: string) => writeFile(path.join(cpu, name), `${text}\n`);
	const range = `0-${cores - 1}`;
	for (const name of ['possible', 'present', 'online']) await write(name, range);
	for (let core = 0; core < cores; core++) {
		for (const part of ['topology', 'cpufreq', 'regs/identification']) {
			await mkdir(path.join(cpu, `cpu${core}`, part), {recursive: true});
		}
		await write(`cpu${core}/topology/core_id`, String(core));
		await write(`cpu${core}/topology/physical_package_id`, '0');
		await write(`cpu${core}/topology/core_siblings_list`, range);
		await write(`cpu${core}/topology/thread_siblings_list`, String(core));
		await write(`cpu${core}/cpufreq/cpuinfo_max_freq`, '1800000');
		await write(`cpu${core}/cpufreq/cpuinfo_min_freq`, '600000');
		await write(`cpu${core}/regs/identification/midr_el1`, midr.replace('0x', '0x00000000'));
	}
	const block = (core: number) =>
		[
			`processor\t: ${core}`,
			'BogoMIPS\t: 108.00',
			`Features\t: ${features}`,
			'CPU implementer\t: 0x41',
			'CPU architecture: 8',
			`CPU variant\t: ${variant}`,
			`CPU part\t: ${part}`,
			'CPU revision\t: 1',
			'',
		].join('\n');
	await writeFile(
		path.join(folder, 'cpuinfo'),
		`${Array.from({length: cores}, (_, core) => block(core)).join('\n')}\n`,
	);
}

/** Prints a line a case; false where an fp32 token differs, or a scheme wrote nothing. */
function compare(processor: Processor, here: readonly DecodedCase[], there: readonly DecodedCase[]): boolean {
	console.log(`\n${processor} (${processors[processor].board})`);
	let isGood = here.length === there.length;
	for (const [i, expected] of here.entries()) {
		const found = there[i];
		const differing = expected.tokens.filter((token, n) => token !== found?.tokens[n]).length;
		const isSame = found?.name === expected.name && found.tokens.length === expected.tokens.length && differing === 0;
		const isEnough = expected.name.endsWith('fp32') ? isSame : found !== undefined && found.text !== '';
		isGood &&= isEnough;
		const slower = found ? `${(found.computeMs / expected.computeMs).toFixed(0)} × slower` : '';
		console.log(
			`  ${isEnough ? 'ok    ' : 'FAILED'} ${expected.name.padEnd(14)} ${differing} of ${expected.tokens.length} tokens differ, ${slower}`,
		);
	}
	return isGood;
}

function decodedOf(lines: string): DecodedCase[] {
	return lines
		.split('\n')
		.filter(Boolean)
		.map(line => JSON.parse(line));
}

function run(command: string, args: readonly string[]): string {
	const {status, stdout, error} = spawnSync(command, args, {
		stdio: ['ignore', 'pipe', 'inherit'],
		encoding: 'utf8',
		maxBuffer: 1 << 28,
	});
	if (error) throw error;
	if (status !== 0) throw new Error(`${command} ended with ${status}.`);
	return stdout;
}
