// amazon-sp-api, and the document's details.

import { SellingPartner } from 'amazon-sp-api';

export const client = new SellingPartner({
  region: 'eu',
  refresh_token: 'Atzr|bench',
  credentials: {
    SELLING_PARTNER_APP_CLIENT_ID: 'bench',
    SELLING_PARTNER_APP_CLIENT_SECRET: 'bench',
  },
});

export const details = () =>
  client.callAPI({
    operation: 'getReportDocument',
    endpoint: 'reports',
    path: { reportDocumentId: process.env.BENCH_DOCUMENT },
  });
