import {existsSync} from 'node:fs';
import path from 'node:path';
import {listFolder, readText} from './system-files.js';

/** What a Raspberry Pi's firmware does to its processor. `now`: words for what it does at this moment; `before`: what it did since the machine was started. */
export type Throttling = {now: string[]; before: string[]};

/** Bits of the firmware's answer; the same bits 16 further up say that it happened since the start. */
const bits = ['under-voltage', 'frequency capped', 'throttled', 'soft temperature limit'];
const sinceStartShift = 16;

/** Raspberry Pi OS says it here; the name of the first folder differs from board to board: `soc`, `soc@107c000000`. */
const platformFolder = 'sys/devices/platform';
/** Kernels without Raspberry Pi's patches say it only as an alarm of the voltage sensor. */
const sensorsFolder = 'sys/class/hwmon';

/** What the firmware below `root` reports; undefined where there is none, as on everything but a Raspberry Pi. */
export function readThrottling(root: string): Throttling | undefined {
	const file = firmwareFile(path.join(root, platformFolder));
	const reported = file === undefined ? undefined : readText(file);
	if (reported !== undefined) return parseThrottled(reported);
	const alarm = voltageAlarm(path.join(root, sensorsFolder));
	return alarm === undefined ? undefined : {now: alarm ? [bits[0]!] : [], before: []};
}

/** A board's firmware does not move: it is looked for once. */
const foundFiles = new Map<string, string | undefined>();

function firmwareFile(folder: string): string | undefined {
	if (!foundFiles.has(folder)) {
		const candidates = listFolder(folder)
			.filter(name => /^soc(?:@|$)/.test(name))
			.flatMap(soc => listFolder(path.join(folder, soc)).map(name => path.join(folder, soc, name)))
			.filter(name => name.endsWith(':firmware'))
			.map(name => path.join(name, 'get_throttled'));
		foundFiles.set(folder, candidates.find(existsSync));
	}
	return foundFiles.get(folder);
}

/** `50005` and `throttled=0x50005` (hexadecimal both). Undefined for anything else. */
export function parseThrottled(reported: string): Throttling | undefined {
	const digits = /^(?:throttled=)?(?:0x)?([0-9a-f]{1,8})$/i.exec(reported.trim())?.[1];
	if (digits === undefined) return undefined;
	const word = Number.parseInt(digits, 16);
	const named = (shift: number) => bits.filter((_, i) => (word >>> (shift + i)) & 1);
	return {now: named(0), before: named(sinceStartShift)};
}

function voltageAlarm(folder: string): boolean | undefined {
	for (const name of listFolder(folder)) {
		if (readText(path.join(folder, name, 'name'))?.trim() !== 'rpi_volt') continue;
		const alarm = readText(path.join(folder, name, 'in0_lcrit_alarm'));
		if (alarm !== undefined) return alarm.trim() === '1';
	}
	return undefined;
}
