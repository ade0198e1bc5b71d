import {
  applyDecorators,
  Controller,
  StandardSchemaValidationPipe,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ApiSession, RecentLoginGuard, Roles, RolesGuard, SessionGuard } from '../auth/index.js';
import { validationProblem } from '../problem/index.js';

/**
 * A controller for admins only, whose parameters are validated by their schemas. It brings the guards and the
 * validation itself: where a host has not bound them for every route, these would be the routes that everybody finds
 * open.
 */
export function AdminController(path: string): ClassDecorator {
  return applyDecorators(
    Controller(path),
    ApiTags('admin'),
    ApiSession(),
    Roles('admin'),
    UseGuards(SessionGuard, RolesGuard, RecentLoginGuard),
    UsePipes(new StandardSchemaValidationPipe({ exceptionFactory: validationProblem })),
  );
}
