import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
} from 'graphql';
import { isWrittenId } from '../../commands/written-text.ts';
import { ApiError } from '../error-table.ts';
import { decodeNodeId } from '../node-id.ts';

/** Twice the characters of the longest text: a character is one or two units. What a text may say is its command's rule. */
const maximumTextUnits = 16_000;

/** For an argument that takes a global id, where others take natural keys: `extensions: globalId`. */
export const globalId = { isGlobalId: true } as const;

/** Throws BAD_INPUT with the argument's or input field's name. */
type Check = (value: unknown) => void;

/**
 * The door: every ID is one that `isWrittenId` lets through and every String is well-formed Unicode of
 * bounded length, before a resolver sees it and makes it the key of anything. It stands in front of every field that
 * takes either, however deep in its inputs, so that no resolver has to remember to ask.
 */
export function checkArguments(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const check = checkOfFields(field.args);
      if (check === undefined) continue;
      const { resolve, subscribe } = field;
      if (resolve !== undefined && subscribe === undefined) {
        field.resolve = (source, values, context, info) => {
          check(values);
          return resolve(source, values, context, info);
        };
      }
      if (subscribe !== undefined) {
        field.subscribe = (source, values, context, info) => {
          check(values);
          return subscribe(source, values, context, info);
        };
      }
    }
  }
  return schema;
}

/** For an input field whose resolver asks `malformedId` itself: what is wrong with one of several keeps the others from nothing. */
export const checkedByResolver = { checkedByResolver: true } as const;

const isCheckedByResolver = ({ extensions }: GraphQLArgument | GraphQLInputField): boolean =>
  extensions['checkedByResolver'] === true;

function checkOfFields(fields: readonly (GraphQLArgument | GraphQLInputField)[]): Check | undefined {
  const checks = fields.flatMap((field) => {
    const { name, type, extensions } = field;
    const check = extensions['isGlobalId'] === true ? globalIdCheck(name) : checkOf(name, type);
    return check === undefined || isCheckedByResolver(field) ? [] : [{ name, check }];
  });
  if (checks.length === 0) return undefined;
  return (values) => {
    for (const { name, check } of checks) check((values as Readonly<Record<string, unknown>>)[name]);
  };
}

/** Undefined where a value of the type can hold neither an id nor a text. */
function checkOf(name: string, type: GraphQLInputType): Check | undefined {
  if (isNonNullType(type)) return checkOf(name, type.ofType);
  const check = checkOfPresent(name, type);
  return check && ((value) => value === undefined || value === null || check(value));
}

function checkOfPresent(name: string, type: GraphQLInputType): Check | undefined {
  if (isListType(type)) {
    const check = checkOf(name, type.ofType);
    return check && ((values) => (values as readonly unknown[]).forEach(check));
  }
  if (isInputObjectType(type)) return checkOfFields(Object.values(type.getFields()));
  if (!isScalarType(type)) return undefined;
  if (type.name === 'ID') return (id) => requireId(name, id as string);
  if (type.name === 'String') return (text) => requireText(name, text as string);
  return undefined;
}

function requireId(field: string, id: string): void {
  const error = malformedId(field, id);
  if (error !== undefined) throw error;
}

/** Why that is no id; undefined where it is one. */
export function malformedId(field: string, id: string): ApiError | undefined {
  if (isWrittenId(id)) return undefined;
  const problem = 'must be 1 to 128 characters that can be seen, in the composed form of Unicode (NFC)';
  return new ApiError('VALUE_INVALID', `${field} ${problem}.`, { field });
}

const globalIdCheck =
  (field: string): Check =>
  (id) => {
    if (decodeNodeId(id as string) !== undefined) return;
    throw new ApiError('NODE_ID_INVALID', `${field} is the id of nothing that could be here.`, { field });
  };

function requireText(field: string, text: string): void {
  if (text.length > maximumTextUnits) {
    throw new ApiError('TEXT_TOO_LONG', `${field} is longer than ${maximumTextUnits / 2} characters.`, { field });
  }
  if (!text.isWellFormed()) throw new ApiError('TEXT_ILL_FORMED', `${field} is not well-formed Unicode.`, { field });
}
