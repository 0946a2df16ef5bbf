//Numpy array shape [8]
//Min -0.593750000000
//Max 0.468750000000
//Number of zeros 0

#ifndef B2_H_
#define B2_H_

#ifndef __SYNTHESIS__
fc1_bias_t b2[8];
#else
fc1_bias_t b2[8] = {-0.12500, -0.12500, 0.46875, -0.59375, 0.37500, -0.56250, -0.15625, -0.40625};

#endif

#endif
