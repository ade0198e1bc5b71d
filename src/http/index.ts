export { configureHttp, type HttpOptions } from './configure-http.js';
export { DOCS_JSON_PATH, DOCS_PATH, serveDocs } from './docs-page.js';
export { HttpDrain, type DrainOptions } from './http-drain.js';
export { HttpModule } from './http.module.js';
export { createLogger, NestLogger } from './nest-logger.js';
export { buildOpenApi, type OpenApiDocument, type OpenApiOptions, type OperationAccess } from './openapi.js';
export { operationAccess } from './operation-access.js';
export { knownOrigins } from './origins.js';
export { routeOf, UNMATCHED_ROUTE } from './route-of.js';
