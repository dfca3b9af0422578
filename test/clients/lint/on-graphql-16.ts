import { registerHooks } from 'node:module';

/** Whatever the program imports of graphql is that of the package `graphql-16`. */
registerHooks({
  resolve: (specifier, context, next) => next(specifier.replace(/^graphql(?=\/|$)/, 'graphql-16'), context),
});
