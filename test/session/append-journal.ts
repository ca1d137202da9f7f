import {createJournal} from '../../src/session/journal.js';
import {numberedEntry} from './entries.js';

// Appends numbered entries to a new journal until it is killed, and prints the number of each when it is on the medium.
const writer = await createJournal(process.argv[2]!);
let i = 0;
setInterval(() => {
	for (const end = i + 3; i < end; i++) {
		const number = i;
		void writer.append(numberedEntry(number)).then(() => process.stdout.write(`${number}\n`));
	}
}, 1);
