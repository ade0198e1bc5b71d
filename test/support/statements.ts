import type { DatabaseConnection, Kysely } from 'kysely';

/** The text of every SQL statement that goes through a Kysely from now on, those of transactions included. */
export function recordStatements(kysely: Kysely<any>): string[] {
  const statements: string[] = [];
  const executor = kysely.getExecutor();
  const provide = executor.provideConnection.bind(executor);
  executor.provideConnection = (consumer) =>
    provide((connection) => consumer(recorded(connection, statements)));
  return statements;
}

function recorded(connection: DatabaseConnection, statements: string[]): DatabaseConnection {
  return {
    executeQuery: (query) => {
      statements.push(query.sql);
      return connection.executeQuery(query);
    },
    streamQuery: (...args) => connection.streamQuery(...args),
  };
}
