import {createJournal} from '../../src/session/journal.js';

// Appends ten marks to a new journal, one after the other, and says of each when it is saved.
const writer = await createJournal(process.argv[2]!);
for (let i = 0; i < 10; i++) {
	await writer.append({type: 'mark', atSample: i, wallMs: 0});
	process.stdout.write(`saved ${i}\n`);
}
await writer.close();
