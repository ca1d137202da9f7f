import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {type TestContext, test} from 'node:test';
import {unitText} from '../../src/cli/run-service.js';
import {serviceUnit, unitName} from '../../src/recorder/service-unit.js';

const value = (unit: string, name: string) => unit.match(new RegExp(`^${name}=(.*)$`, 'm'))?.[1];

test('the unit starts the recorder idle, and records at boot only where that is asked for', () => {
	assert.match(value(unitText(false), 'ExecStart')!, /recorder-process\.js --service$/);
	assert.match(value(unitText(true), 'ExecStart')!, /recorder-process\.js --service --record-at-boot$/);
});

test('neither a kill for memory nor the death of the recorder takes capture with it', () => {
	const unit = unitText(false);
	assert.deepEqual(
		['OOMPolicy', 'KillMode', 'ExitType', 'UMask'].map(name => value(unit, name)),
		['continue', 'mixed', 'cgroup', '0077'],
	);
	assert.match(value(unit, 'ExecStop')!, /main\.js service end$/);
});

test('what systemd would read in an argument is written so that it does not', () => {
	const unit = serviceUnit({
		program: ['/opt/a b/node', '/home/%u/$x"\\.js'],
		ender: ['/bin/true'],
		recordsAtBoot: false,
	});
	assert.equal(value(unit, 'ExecStart'), '"/opt/a b/node" "/home/%%u/$$x\\"\\\\.js" --service');
});

test('systemd finds nothing wrong with the unit', t => {
	if (spawnSync('systemd-analyze', ['--version']).error) {
		// It comes with systemd itself: where that is missing, so is what would read the unit.
		return;
	}
	const folder = temporaryFolder(t);
	const file = path.join(folder, unitName);
	writeFileSync(file, unitText(true));
	const {status, stdout, stderr} = spawnSync('systemd-analyze', ['verify', '--user', '--man=no', file], {
		encoding: 'utf8',
		env: {...process.env, XDG_RUNTIME_DIR: folder},
	});
	assert.equal(status, 0, stderr);
	assert.deepEqual(
		`${stdout}${stderr}`.split('\n').filter(line => line.includes(unitName)),
		[],
	);
});

function temporaryFolder(t: TestContext): string {
	const folder = mkdtempSync('/tmp/pc-unit-');
	t.after(() => rmSync(folder, {recursive: true}));
	return folder;
}
