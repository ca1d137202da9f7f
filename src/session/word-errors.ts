/** How a hypothesis differs from what was said: `wrong` = substitutions + insertions + deletions, the fewest that turn one into the other. */
export type WordErrors = {
	/** Words of the reference. */
	words: number;
	wrong: number;
	substitutions: number;
	insertions: number;
	deletions: number;
};

/** The words of `text` as they are compared: lower-cased, every character except a–z, 0–9 and apostrophe becomes a space. */
export function comparedWords(text: string): string[] {
	return text
		.toLowerCase()
		.replace(/[^a-z0-9']/g, ' ')
		.split(' ')
		.filter(word => word !== '');
}

/**
 * Counts the word errors of `hypothesis` against `reference` by the cheapest alignment; where several are as cheap, one with most substitutions.
 * Memory grows with the hypothesis, time with the product of both.
 */
export function wordErrors(reference: string, hypothesis: string): WordErrors {
	const said = comparedWords(reference);
	const heard = comparedWords(hypothesis);

	// Cell j of a row: the cheapest way from the words said so far to the first j words heard, and how many of its errors are substitutions.
	let wrong = Uint32Array.from({length: heard.length + 1}, (_, j) => j);
	let substitutions = new Uint32Array(heard.length + 1);
	let nextWrong = new Uint32Array(heard.length + 1);
	let nextSubstitutions = new Uint32Array(heard.length + 1);
	for (const [i, word] of said.entries()) {
		nextWrong[0] = i + 1;
		nextSubstitutions[0] = 0;
		for (let j = 0; j < heard.length; j++) {
			const isSame = heard[j] === word;
			let best = wrong[j]! + (isSame ? 0 : 1);
			let substituted = substitutions[j]! + (isSame ? 0 : 1);
			const take = (cost: number, count: number) => {
				if (cost < best || (cost === best && count > substituted)) [best, substituted] = [cost, count];
			};
			take(wrong[j + 1]! + 1, substitutions[j + 1]!);
			take(nextWrong[j]! + 1, nextSubstitutions[j]!);
			nextWrong[j + 1] = best;
			nextSubstitutions[j + 1] = substituted;
		}
		[wrong, nextWrong] = [nextWrong, wrong];
		[substitutions, nextSubstitutions] = [nextSubstitutions, substitutions];
	}

	const total = wrong[heard.length]!;
	const substituted = substitutions[heard.length]!;
	// What is left is insertions and deletions, and their difference is that of the lengths.
	const deletions = (total - substituted + said.length - heard.length) / 2;
	return {
		words: said.length,
		wrong: total,
		substitutions: substituted,
		insertions: total - substituted - deletions,
		deletions,
	};
}
