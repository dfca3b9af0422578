import './group-type.ts';
import './message-type.ts';
import './reaction-type.ts';
import './search-query.ts';
import './user-type.ts';
import './mark-mutation.ts';
import './mutations.ts';
import './node-query.ts';
import './queries.ts';
import './subscriptions.ts';
import { builder } from './builder.ts';
import { carryOutOnce } from './carry-out-once.ts';
import { checkArguments } from './check-arguments.ts';
import { limitRates } from './limit-rates.ts';
import { takeTurns } from './take-turns.ts';

/** The executable schema; importing the files above has put every type and field into the builder. */
export const schema = checkArguments(carryOutOnce(limitRates(takeTurns(builder.toSchema()))));
