//! A failed operation gives its buffer back, and `?` still works.

use std::{error::Error, io};

use sexton_buffers::{BufError, BufResult, BufResultExt, IoBuf, Slice};

/// Writes three bytes, then fails.
fn write_all_owned<B: IoBuf>(buf: B) -> Result<B, BufError<B>> {
    let mut rest = buf.slice(..);
    if rest.len() <= 3 {
        return Ok(rest.into_inner());
    }
    rest.skip(3);
    let done = rest.start();
    let error = BufError::new(io::ErrorKind::BrokenPipe, rest).with_transferred(done);
    Err(error.map_buf(Slice::into_inner))
}

#[test]
fn a_write_that_failed_half_way_can_go_on() {
    let error = write_all_owned(b"abcdef".to_vec()).unwrap_err();
    assert_eq!((error.kind(), error.transferred()), (io::ErrorKind::BrokenPipe, 3));
    assert_eq!(error.buf(), b"abcdef");
    let done = error.transferred();
    let rest = write_all_owned(error.into_buf().slice(done..)).unwrap();
    assert_eq!(rest.filled(), b"def");
}

#[test]
fn the_question_mark_works_in_io_and_boxed_results() {
    fn in_io() -> io::Result<Vec<u8>> {
        Ok(write_all_owned(b"abcdef".to_vec())?)
    }
    fn in_boxed() -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        Ok(write_all_owned(b"abcdef".to_vec())?)
    }
    assert_eq!(in_io().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    let error = in_boxed().unwrap_err();
    assert!(error.downcast_ref::<BufError<Vec<u8>>>().is_some());
}

#[test]
fn both_arms_split_into_result_and_buffer() {
    let ok: BufResult<usize, &str> = Ok((2, "buf"));
    assert!(matches!(ok.split(), (Ok(2), "buf")));
    let failed: BufResult<usize, &str> = Err(BufError::new(io::ErrorKind::TimedOut, "buf"));
    let (result, buf) = failed.split();
    assert_eq!((result.unwrap_err().kind(), buf), (io::ErrorKind::TimedOut, "buf"));
}

#[test]
fn an_error_prints_no_data_and_keeps_its_source() {
    let inner = io::Error::other(write_all_owned(b"abcdef".to_vec()).unwrap_err());
    let error = BufError::new(inner, b"secret".to_vec()).with_transferred(1);
    assert_eq!(error.to_string(), "broken pipe");
    assert!(!format!("{error:?}").contains("115"), "no bytes of the buffer: {error:?}");
    assert!(error.error().get_ref().is_some());
    assert_eq!(error.into_error().to_string(), "broken pipe");
}
