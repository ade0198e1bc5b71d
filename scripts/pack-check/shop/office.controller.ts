import { Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { CurrentUser, ProblemException, RequireRecentLogin, Roles } from 'latchkey';
import type { Customer } from './customer.js';
import { Customers } from './customers.js';
import { Needs } from './permissions.js';

@Roles('clerk', 'admin')
@Controller('office')
export class OfficeController {
  constructor(private readonly customers: Customers) {}

  @Get('customers/:id')
  customer(@Param('id') id: string) {
    const { email, plan } = this.found(id);
    return { email, plan };
  }

  @Needs('orders:refund')
  @Post('orders/:id/refund')
  refund(@Param('id') id: string, @CurrentUser() clerk: Customer) {
    return { refunded: id, by: clerk.email };
  }

  @Needs('prices:write')
  @Put('articles/:article/price')
  price(@Param('article') article: string) {
    return { changed: article };
  }

  @Roles('admin')
  @RequireRecentLogin()
  @Delete('customers/:id')
  @HttpCode(204)
  async disable(@Param('id') id: string): Promise<void> {
    await this.customers.disable(this.found(id).id);
  }

  private found(id: string): Customer {
    const customer = this.customers.find(id);
    if (!customer) throw new ProblemException('USER_NOT_FOUND');
    return customer;
  }
}
