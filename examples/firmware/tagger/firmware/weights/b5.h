//Numpy array shape [3]
//Min -0.562500000000
//Max 0.218750000000
//Number of zeros 0

#ifndef B5_H_
#define B5_H_

#ifndef __SYNTHESIS__
fc2_bias_t b5[3];
#else
fc2_bias_t b5[3] = {-0.50000, -0.56250, 0.21875};

#endif

#endif
