/** No log of a test reaches so far. */
const nowhere = 1_000_000_000;

/** Which of our positions stands for which recorded one: learnt when both are first seen, and from then on fixed. */
export interface RecordedPlaces {
  /** Notes that the two are of the same thing. Throws when one is another's already, or when their order differs. */
  same(recorded: number, ours: number): void;
  /** Ours for a recorded one, or where that was never seen, one where no event begins. */
  oursFor(recorded: number): number;
}

export function createRecordedPlaces(): RecordedPlaces {
  const pairs: (readonly [recorded: number, ours: number])[] = [[0, 0]];
  return {
    same: (recorded, ours) => {
      for (const [otherRecorded, otherOurs] of pairs) {
        if (Math.sign(recorded - otherRecorded) === Math.sign(ours - otherOurs)) continue;
        throw new Error(`${recorded} is ${ours} here, but ${otherRecorded} is ${otherOurs}: another order`);
      }
      pairs.push([recorded, ours]);
    },
    oursFor: (recorded) => pairs.find(([known]) => known === recorded)?.[1] ?? nowhere,
  };
}
