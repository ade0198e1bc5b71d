import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { migrateWhenThere } from './database-boot.js';
import { ConfigurableDatabaseModule, DATABASE_OPTIONS } from './database.module-definition.js';
import { Database, type DatabaseOptions } from './database.js';

/**
 * Opens the database and brings its schema up to date before the program listens; closes it last. Global: the
 * program has one database.
 */
@Module({
  providers: [
    {
      provide: Database,
      inject: [DATABASE_OPTIONS],
      useFactory: async (options: DatabaseOptions): Promise<Database> => {
        const database = new Database(options);
        try {
          await (options.waitForServer && database.kind === 'postgres'
            ? migrateWhenThere(database)
            : database.migrate());
        } catch (error) {
          await database.close();
          throw error;
        }
        return database;
      },
    },
  ],
  exports: [Database],
})
export class DatabaseModule extends ConfigurableDatabaseModule implements OnApplicationShutdown {
  constructor(private readonly database: Database) {
    super();
  }

  /** Runs after the last request has been answered and the workers, which stop before shutdown, are done. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
