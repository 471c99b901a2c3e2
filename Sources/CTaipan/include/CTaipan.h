#ifndef CTAIPAN_H
#define CTAIPAN_H
#endif
