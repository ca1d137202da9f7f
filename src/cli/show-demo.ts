import {safeLine} from '../session/safe-text.js';
import {wordErrors} from '../session/word-errors.js';
import {type CaptionView, createCaptionView} from '../ui/caption-view.js';
import {type CaptionOutlet, createCaptionOutlet, ReaderGone} from './caption-outlet.js';
import {captionRecording, Interrupted} from './caption-recording.js';
import {accuracyText, type ChosenModel, chooseModel, embeddedId} from './choose-model.js';
import {type DemoRecording, demoRecordings} from './demo-recordings.js';
import {type ExitCode, exitCode} from './exit-code.js';
import type {Host} from './host.js';

/** The flags of `demo`. `modelsDir`: where the embedded model is. */
export type DemoOptions = {isPaced: boolean; threads?: number; modelsDir?: string};

/** Captions the demo's recordings and says how many words were wrong, counted from what was shown. Throws `AudioError` and `EngineError`. */
export async function showDemo(options: DemoOptions, host: Host): Promise<ExitCode> {
	const model = await chooseModel(embeddedId, options.modelsDir);
	const recordings = await demoRecordings();
	const view = createCaptionView(host);
	const outlet = createCaptionOutlet(view);
	const forget = host.atExit(() => view.close());
	const say = (text: string) => outlet.write(`${safeLine(text)}\n`, text);
	try {
		const results: string[] = [];
		for (const [i, recording] of recordings.entries()) {
			await outlet.write(i > 0 ? '\n' : '');
			await say(`== ${recording.title} ==`);
			const shown = await captionsOf(recording, {model, options, host, view, outlet});
			if (host.signal.aborted) return exitCode.interrupted;
			const {wrong, words} = wordErrors(recording.reference, shown);
			results.push(`${wrong} of ${words} for the ${recording.shortName}`);
		}
		await outlet.write('\n');
		await say(`Words wrong: ${results.join(', ')}.`);
		for (const line of adviceLines(model)) await say(line);
		return outlet.hasFailed ? exitCode.failed : exitCode.done;
	} catch (error) {
		if (error instanceof ReaderGone) return exitCode.done;
		if (error instanceof Interrupted) return exitCode.interrupted;
		throw error;
	} finally {
		view.close();
		forget();
	}
}

/** What the model is worth, and how to get a better one. */
function adviceLines({manifest}: ChosenModel): string[] {
	const accuracy = accuracyText(manifest);
	return [
		`This was the demo model${accuracy ? `: ${accuracy}` : ''}. It is small, comes with pi-caption and shows that captions work on this machine.`,
		'Models that understand people: `pi-caption models list` shows them, `pi-caption models pull kyutai-1b` gets one.',
	];
}

type Show = {
	model: ChosenModel;
	options: DemoOptions;
	host: Host;
	view: CaptionView;
	outlet: CaptionOutlet;
};

/** Shows the captions of one recording and returns their text. */
async function captionsOf(recording: DemoRecording, {model, options, host, view, outlet}: Show): Promise<string> {
	const finals: string[] = [];
	let beganMs = 0;
	const events = captionRecording(
		{
			file: recording.path,
			engine: {modelDir: model.dir, threads: options.threads},
			isPaced: options.isPaced,
		},
		host,
	);
	for await (const event of events) {
		switch (event.type) {
			case 'opened':
				beganMs = performance.now();
				break;
			case 'warning':
				view.message(event.sentence);
				break;
			case 'partial':
				view.open(event.segment.text);
				break;
			case 'final': {
				const text = safeLine(event.segment.text);
				finals.push(text);
				view.open('');
				await outlet.write(`${text}\n`, text);
				break;
			}
			case 'progress':
				view.progress({...event, elapsedMs: performance.now() - beganMs});
				break;
		}
	}
	view.progress(undefined);
	return finals.join(' ');
}
