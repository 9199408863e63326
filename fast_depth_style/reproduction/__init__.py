"""Many runs, one question: does the depth loss keep depth?"""
