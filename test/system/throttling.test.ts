import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parseThrottled, readThrottling} from '../../src/system/throttling.js';
import {temporaryFolder} from '../temporary-folder.js';
import {writeFiles} from './proc-root.js';

const cases: [string, ReturnType<typeof parseThrottled>][] = [
	['0\n', {now: [], before: []}],
	['throttled=0x0\n', {now: [], before: []}],
	['throttled=0x50000', {now: [], before: ['under-voltage', 'throttled']}],
	['5', {now: ['under-voltage', 'throttled'], before: []}],
	[
		'f000f',
		{
			now: ['under-voltage', 'frequency capped', 'throttled', 'soft temperature limit'],
			before: ['under-voltage', 'frequency capped', 'throttled', 'soft temperature limit'],
		},
	],
	['80008', {now: ['soft temperature limit'], before: ['soft temperature limit']}],
	['error=1 error_msg="Command not registered"', undefined],
	['', undefined],
];

for (const [reported, throttling] of cases) {
	test(`the firmware's ${JSON.stringify(reported)} is read`, () => {
		assert.deepEqual(parseThrottled(reported), throttling);
	});
}

test('where the firmware says nothing, the voltage sensor does', t => {
	const root = temporaryFolder(t);
	assert.equal(readThrottling(root), undefined);
	writeFiles(root, {
		'sys/class/hwmon/hwmon0/name': 'cpu_thermal\n',
		'sys/class/hwmon/hwmon1/name': 'rpi_volt\n',
		'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '1\n',
	});
	assert.deepEqual(readThrottling(root), {now: ['under-voltage'], before: []});
	writeFiles(root, {'sys/class/hwmon/hwmon1/in0_lcrit_alarm': '0\n'});
	assert.deepEqual(readThrottling(root), {now: [], before: []});
});

for (const soc of ['soc', 'soc@107c000000']) {
	test(`the firmware is found below ${soc}`, t => {
		const root = temporaryFolder(t);
		writeFiles(root, {
			'sys/devices/platform/serial8250/power/control': 'auto\n',
			[`sys/devices/platform/${soc}/${soc}:firmware/get_throttled`]: '4\n',
		});
		assert.deepEqual(readThrottling(root), {now: ['throttled'], before: []});
	});
}
