"""What deblurring does for machines that look: detectors, segmenters and readers.

What one of them finds in the sharp picture counts as the truth; how near it comes to
that on the blurry and on the restored picture is what is measured.
"""
