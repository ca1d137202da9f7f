import assert from 'node:assert/strict';
import {rmSync} from 'node:fs';
import {type TestContext, test} from 'node:test';
import {createGaugeReader, type GaugeOptions} from '../../src/system/gauges.js';
import {temporaryFolder} from '../temporary-folder.js';
import {ioText, pi5, processStat, writeFiles} from './proc-root.js';

/** A Pi whose files and clock the test moves on. */
function pi(t: TestContext, pids: GaugeOptions['pids'] = () => [700, 701]) {
	const root = temporaryFolder(t);
	writeFiles(root, pi5);
	const clock = {ms: 0};
	return {root, clock, read: createGaugeReader({root, pids, now: () => clock.ms})};
}

test('a Pi is read from its /proc and /sys', t => {
	const {read} = pi(t);
	assert.deepEqual(read(), {
		memory: {usedBytes: (4147584 - 2949184) * 1024, totalBytes: 4147584 * 1024},
		swap: {usedBytes: (524272 - 518128) * 1024, totalBytes: 524272 * 1024, changeBytesPerSecond: 0},
		cpuShare: 0,
		program: {memoryBytes: (204800 + 51200) * 1024, cpuCores: 0},
		majorFaultsPerSecond: 0,
		readBackBytesPerSecond: 0,
		isModelTooBig: false,
		temperatureC: 61.25,
		throttling: {now: ['under-voltage', 'throttled'], before: ['under-voltage', 'throttled']},
	});
});

test('rates are those since the reading before', t => {
	const {root, clock, read} = pi(t);
	read();
	clock.ms = 2000;
	writeFiles(root, {
		'proc/meminfo': pi5['proc/meminfo']!.replace('518128', '508128'),
		// 200 of 800 ticks were busy.
		'proc/stat': pi5['proc/stat']!.replace('cpu  10000 50 2000 80000', 'cpu  10150 50 2050 80600'),
		'proc/700/stat': processStat({pid: 700, majorFaults: 140, userTicks: 500, systemTicks: 140}),
		'proc/700/io': ioText(9_000_000),
	});
	const gauges = read();
	assert.equal(gauges.swap.changeBytesPerSecond, (10_000 * 1024) / 2);
	assert.equal(gauges.cpuShare, 0.25);
	assert.equal(gauges.program.cpuCores, 0.7);
	assert.equal(gauges.majorFaultsPerSecond, 20);
	assert.equal(gauges.readBackBytesPerSecond, 2e6);
});

test('a model that does not fit is one whose faults and reads last ten seconds', t => {
	const {root, clock, read} = pi(t);
	read();
	const verdicts = [];
	for (let second = 1; second <= 13; second++) {
		clock.ms = second * 1000;
		// In the twelfth second nothing is read back.
		const busy = second === 12 ? 11 : second;
		writeFiles(root, {
			'proc/700/stat': processStat({pid: 700, majorFaults: 100 + busy * 300, userTicks: 400, systemTicks: 100}),
			'proc/700/io': ioText(5_000_000 + busy * 20_000_000),
		});
		verdicts.push(read().isModelTooBig);
	}
	assert.deepEqual(verdicts, [...Array(10).fill(false), true, false, false]);
});

test('reading files of any size is no sign of a model that does not fit', t => {
	const {root, clock, read} = pi(t);
	read();
	for (let second = 1; second <= 20; second++) {
		clock.ms = second * 1000;
		writeFiles(root, {'proc/700/io': ioText(5_000_000 + second * 20_000_000)});
		assert.equal(read().isModelTooBig, false);
	}
});

test('a process that ends or begins makes no rate', t => {
	let pids = [700];
	const {root, clock, read} = pi(t, () => pids);
	read();
	clock.ms = 1000;
	pids = [701];
	writeFiles(root, {'proc/701/stat': processStat({pid: 701, majorFaults: 9000, userTicks: 9000, systemTicks: 0})});
	const gauges = read();
	assert.equal(gauges.majorFaultsPerSecond, 0);
	assert.equal(gauges.program.cpuCores, 0);
	assert.equal(gauges.program.memoryBytes, 51200 * 1024);
	clock.ms = 2000;
	pids = [702];
	assert.equal(read().program.memoryBytes, 0);
});

test('a machine without sensors and firmware has neither gauge', t => {
	const {root, read} = pi(t);
	rmSync(`${root}/sys`, {recursive: true});
	const gauges = read();
	assert.equal(gauges.temperatureC, undefined);
	assert.equal(gauges.throttling, undefined);
});

test('the processor is told from other thermal zones', t => {
	const {root, read} = pi(t);
	writeFiles(root, {
		'sys/class/thermal/thermal_zone0/type': 'acpitz\n',
		'sys/class/thermal/thermal_zone0/temp': '20000\n',
		'sys/class/thermal/thermal_zone1/type': 'x86_pkg_temp\n',
		'sys/class/thermal/thermal_zone1/temp': '48000\n',
	});
	assert.equal(read().temperatureC, 48);
});

test('this machine has gauges, its own process among them', () => {
	const read = createGaugeReader({pids: () => [process.pid]});
	const {memory, program} = read();
	assert.ok(memory.usedBytes > 0 && memory.usedBytes < memory.totalBytes);
	assert.ok(program.memoryBytes > 10e6, `${program.memoryBytes} bytes`);
});
