import {appendFileSync} from 'node:fs';
import {captureRecord} from '../../src/capture/capture-record.js';
import {readJsonRecord} from '../../src/system/atomic-file.js';
import {TestRecorder} from './capture-process.js';

// A recorder that capture starts: notes its start in a file, greets capture and stays until capture ends.
const [recordFile, notesFile] = [process.argv[2]!, process.argv[3]!];
const record = (await readJsonRecord(recordFile, captureRecord))!;
const recorder = await TestRecorder.connect(record.socket);
await recorder.until(({messages}) => messages.some(({type}) => type === 'status'));
appendFileSync(notesFile, `${process.pid}\n`);
process.on('SIGHUP', () => appendFileSync(notesFile, 'hung up\n'));
setInterval(() => {}, 1000);
await recorder.untilEnd();
process.exit(0);
