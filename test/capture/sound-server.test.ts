import assert from 'node:assert/strict';
import {readFileSync, statSync} from 'node:fs';
import {test} from 'node:test';
import {VirtualMicrophone} from '../audio/virtual-microphone.js';
import {Home, stop} from './capture-process.js';

test('a real microphone is heard again after it was unplugged and after its sound server was killed', async t => {
	const place = new Home();
	t.after(() => place.remove());
	const microphone = await VirtualMicrophone.start();
	t.after(() => microphone.stop());
	Object.assign(place.env, microphone.env);
	const capture = place.start(undefined);
	const recorder = await place.connect(capture);
	const isHeard = () => recorder.until(({status}) => status.state === 'recording' && status.levelDb > -20);
	microphone.playSine(440);
	await isHeard();

	const types = () => recorder.events.map(({type}) => type);
	microphone.unplug();
	await recorder.until(() => types().at(-1) === 'gap-began');
	microphone.plugIn();
	microphone.playSine(440);
	await recorder.until(() => types().at(-1) === 'gap');
	await isHeard();

	await microphone.killServer();
	await recorder.until(({status}) => status.state === 'no-device');
	assert.match(recorder.status.problem ?? '', /\S/);
	await microphone.startServer();
	microphone.playSine(440);
	await recorder.until(() => types().at(-1) === 'gap');
	await isHeard();
	await stop(capture, recorder);
	const {samples} = place;
	assert.equal(statSync(place.tape).size, 80 + 2 * samples.length);
	assert.ok(readFileSync(place.log).length < 1_000_000);
	assert.deepEqual(types(), ['device', 'gap-began', 'gap', 'gap-began', 'gap']);
	const [, began, gap, beganAgain] = recorder.events;
	assert.equal(began!.atSample, gap!.atSample);
	assert.ok(beganAgain!.atSample > gap!.atSample && beganAgain!.atSample <= samples.length);
});
