#ifndef CTAIPAN_TABLES_H
#define CTAIPAN_TABLES_H
#endif
