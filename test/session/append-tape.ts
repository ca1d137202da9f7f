import {createTape} from '../../src/session/tape.js';
import {numbered} from './fake-disk.js';

// Appends numbered samples to a new tape until it is killed, and prints how many are on the medium each time that number grows.
const [file, pieceSamples] = [process.argv[2]!, Number(process.argv[3])];
const writer = await createTape(file, 24_000, {
	syncEveryMs: 5,
	onSynced: nSamples => process.stdout.write(`${nSamples}\n`),
});
let heard = 0;
setInterval(() => {
	writer.append(numbered(heard, pieceSamples));
	heard += pieceSamples;
}, 1);
